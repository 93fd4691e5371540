"""The visitors of a list: which column says what of them, and which rows are the same visitor.

A server takes two registrations with one phone number, or with one e-mail address, for one visitor, and may give the
visitor the token of the later one. So a visitor is told by its token, else by its phone number, else by its e-mail
address, else by its row, and no phone number or address is registered for two visitors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from campaign.channels.rooms import VisitorData
from campaign.errors import Problem, RecipientsError, UsageError
from campaign.messages import Mapped
from campaign.messages.sources import find_source
from campaign.recipients import variable_name
from campaign.recipients.destinations import describe_character, find_unseen, trimmed
from campaign.recipients.phone_numbers import canonical
from campaign.text import is_blank, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from campaign.sheets import Column, Row, Sheet

USUAL_HEADERS = {
    "token": ("token", "visitor_token"),
    "name": ("name", "ho_va_ten", "ho_ten", "full_name", "customer", "customer_name", "khach_hang", "ten"),
    "phone": ("phone", "so_dien_thoai", "dien_thoai", "sdt", "phone_number", "mobile"),
    "email": ("email", "e_mail", "email_address"),
}
"""The variables, and the headers that they have where `--map` names none, as variables; the first that occurs counts.
None of a later one is looked for where an earlier one is there."""

UNNAMED = "says neither a token nor a name, phone number or e-mail address"

HIDDEN = "the sheet hides the row"

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class ListedRow(NamedTuple):
    """A row of the list.

    Attributes:
        number: its number, as a spreadsheet program shows it.
        texts: its cells, as displayed.
        identity: whose it is; "" where it names no person.
        problem: why it names no person; "" where it names one.
        skipped: whether it is left out on purpose.
    """

    number: int
    texts: tuple[str, ...]
    identity: str
    problem: str = ""
    skipped: bool = False


class ListedVisitor(NamedTuple):
    """A visitor of the list.

    Attributes:
        token: as the list says; "" where it does not.
        data: what a registration says of the visitor.
    """

    token: str
    data: VisitorData


@dataclass(slots=True)
class VisitorList:
    """The rows of a list and their visitors, by what tells them apart."""

    rows: list[ListedRow] = field(default_factory=list)
    visitors: dict[str, ListedVisitor] = field(default_factory=dict)

    @property
    def sharing(self) -> tuple[int, ...]:
        """The numbers of the rows that are about the visitor of an earlier row."""
        first: dict[str, int] = {}
        named = [row for row in self.rows if row.identity]
        return tuple(row.number for row in named if first.setdefault(row.identity, row.number) != row.number)


def find_columns(sheet: Sheet, mapped: Mapping[str, str]) -> dict[str, Column]:
    """The columns of the variables that the list has.

    Args:
        sheet: the list.
        mapped: the headers that `--map` names.

    Raises:
        UsageError: a variable is none of these.
        RecipientsError: a header is not there, or is there twice, or the list has none of these columns.
    """
    if unknown := [name for name in mapped if name not in USUAL_HEADERS]:
        what = f"there is no variable {quoted(unknown)} here"
        raise UsageError(Problem("--map", what, f"the variables are {listed(USUAL_HEADERS)}"))
    found: dict[str, Column] = {}
    present = {variable_name(column.header) for column in sheet.columns}
    for variable, headers in USUAL_HEADERS.items():
        name = variable if variable in mapped else next((each for each in headers if each in present), None)
        if name is None:
            continue
        source = find_source(name, sheet.columns, Mapped(mapped, {}), f"{sheet.path.name}: {variable}")
        if isinstance(source, Problem):
            raise RecipientsError(source)
        if source.column is not None:
            found[variable] = source.column
    if not found:
        what = f"has no column {listed(USUAL_HEADERS)}; the headers are: {listed(c.label for c in sheet.columns)}"
        raise RecipientsError(Problem(sheet.path.name, what, "name one with --map, as in --map phone=HEADER"))
    return found


def list_visitors(rows: Iterable[Row], columns: Mapping[str, Column], *, skip_hidden: bool = False) -> VisitorList:
    """Find out whose each row is; rows that the sheet hides are left out where `skip_hidden` says so."""
    read = [(row, HIDDEN if skip_hidden and row.hidden else _read(row, columns)) for row in rows]
    owners = _Owners()
    people = [person for _, person in read if isinstance(person, ListedVisitor)]
    for each in people:
        if each.token:
            owners.with_token(each)
    owners.join([each.data for each in people if not each.token])
    found = VisitorList(visitors=owners.visitors)
    for row, person in read:
        if isinstance(person, str):
            found.rows.append(ListedRow(row.number, row.texts, "", person, skipped=person == HIDDEN))
        else:
            identity = f"token:{person.token}" if person.token else owners.without_token(person)
            found.rows.append(ListedRow(row.number, row.texts, identity))
    return found


class _Owners:
    """Which visitor has which phone number and e-mail address.

    Rows without a token are one visitor if a chain of phone numbers and addresses in common joins them, so that it does
    not matter in which order they are.
    """

    def __init__(self) -> None:
        self.visitors: dict[str, ListedVisitor] = {}
        self._tokens: dict[str, str] = {}  # the visitor with a token that has a phone number or an address
        self._groups = _Groups()
        self._of_group: dict[str, str] = {}
        self._names: dict[str, int] = {}

    def with_token(self, person: ListedVisitor) -> None:
        """Take in a row with a token; the first row of a token says what is registered of its visitor."""
        identity = f"token:{person.token}"
        if identity in self.visitors:
            return
        data = person.data
        for name, contact in _contacts(data).items():
            if self._tokens.setdefault(contact, identity) != identity:
                data = replace(data, **{name: ""})
        self.visitors[identity] = ListedVisitor(person.token, data)

    def join(self, people: Sequence[VisitorData]) -> None:
        """Take in all rows without a token, before it is asked whose they are."""
        listed = [contacts for each in people if (contacts := list(_contacts(each).values()))]
        for contacts in listed:
            self._groups.join(contacts)
        for contacts in listed:
            if owner := self._with_token(contacts):
                self._of_group.setdefault(self._groups.of(contacts[0]), owner)

    def without_token(self, person: ListedVisitor) -> str:
        """Whose row without a token it is."""
        contacts = list(_contacts(person.data).values())
        if not contacts:
            identity = self._by_row(person.data.name)
        elif owner := self._with_token(contacts):
            return owner
        else:
            group = self._groups.of(contacts[0])
            identity = self._of_group.get(group, group)
        known = self.visitors.setdefault(identity, person)
        if not known.token:
            self.visitors[identity] = ListedVisitor("", _filled(known.data, person.data))
        return identity

    def _with_token(self, contacts: Sequence[str]) -> str | None:
        return next((self._tokens[each] for each in contacts if each in self._tokens), None)

    def _by_row(self, name: str) -> str:
        """Namesakes are several people, told apart by their order."""
        self._names[name] = count = self._names.get(name, 0) + 1
        return f"row:{count}:{name}"


class _Groups:
    """Phone numbers and e-mail addresses, joined where one row has both.

    A group is known by its least phone number, else by its least address: so no order of rows makes it another.
    """

    def __init__(self) -> None:
        self._nearer: dict[str, str] = {}

    def join(self, contacts: Sequence[str]) -> None:
        """Let these be in one group."""
        groups = [self.of(each) for each in contacts]
        least = min(groups, key=_phones_first)
        self._nearer.update(dict.fromkeys(groups, least))

    def of(self, contact: str) -> str:
        """The group of a contact."""
        path = [contact]
        while (nearer := self._nearer.setdefault(path[-1], path[-1])) != path[-1]:
            path.append(nearer)
        self._nearer.update(dict.fromkeys(path, path[-1]))
        return path[-1]


def _phones_first(contact: str) -> tuple[bool, str]:
    return not contact.startswith("phone:"), contact


def _contacts(data: VisitorData) -> dict[str, str]:
    """The phone number and the e-mail address that there are, by the names of their fields, as they are compared."""
    phone, email = canonical(data.phone), data.email.lower()
    return ({"phone": f"phone:{phone}"} if phone else {}) | ({"email": f"email:{email}"} if email else {})


def _filled(first: VisitorData, later: VisitorData) -> VisitorData:
    """What the first row says, and what a later one adds to it."""
    return VisitorData(first.name or later.name, first.phone or later.phone, first.email or later.email)


def _read(row: Row, columns: Mapping[str, Column]) -> ListedVisitor | str:
    """Who a row is about; or why that cannot be said."""
    for column in columns.values():
        cell = f"{column.letter}{row.number}"
        if wrong := next((each for each in row.problems if each.where == cell), None):
            return f"{cell}: {wrong.what}"
    texts = {name: _text(row.texts, column) for name, column in columns.items()}
    token, phone, email = (texts.get(name, "") for name in ("token", "phone", "email"))
    unseen = find_unseen(token)
    if unseen >= 0:
        return f"{_cell(row, columns['token'])}: the token has {describe_character(token, unseen)} in it"
    if phone and not canonical(phone):
        return f"{_cell(row, columns['phone'])}: “{phone}” is not one phone number"
    if email and not _EMAIL.fullmatch(email):
        return f"{_cell(row, columns['email'])}: “{email}” is not one e-mail address"
    data = VisitorData(texts.get("name", ""), phone, email)
    return ListedVisitor(token, data) if token or data else f"the row {UNNAMED}"


def _text(texts: Sequence[str], column: Column) -> str:
    text = trimmed(texts[column.position]) if column.position < len(texts) else ""
    return "" if is_blank(text) else text


def _cell(row: Row, column: Column) -> str:
    return f"{column.letter}{row.number}"
