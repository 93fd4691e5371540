"""The channels that are available: the built-in ones, those of other distributions, and those registered in code."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from campaign.channels.base import Channel
from campaign.channels.kitechat import KITECHAT
from campaign.channels.livechat import LIVECHAT
from campaign.channels.rocketchat import ROCKETCHAT
from campaign.errors import ChannelError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = "campaign.channels"
"""The entry-point group; the name of an entry point is the channel's, its value a `Channel` object."""

REQUIRED = tuple(name for name in vars(Channel) if not name.startswith("_"))


class ChannelRegistry(Mapping[str, Channel]):
    """Every channel by its name, the built-in ones first. An entry point is loaded when its channel is asked for.

    Looking a channel up, or iterating over all of them, raises ChannelError where an entry point is broken or its name
    is taken.
    """

    def __init__(self, *built_in: Channel) -> None:
        self._built_in = {channel.name: channel for channel in built_in}
        self._registered: dict[str, Channel] = {}
        self._loaded: dict[str, Channel] = {}

    def register(self, channel: Channel) -> None:
        """Make a channel available in this process; replaces one that was registered under the same name.

        Raises:
            ChannelError: a built-in channel or an entry point has this name, or the object is not a channel.
        """
        where = f"channel “{channel.name}”"
        if channel.name in self._built_in or channel.name in self._entry_points:
            raise ChannelError(Problem(where, "there is a channel of this name already", "choose another name"))
        self._registered[channel.name] = _checked(where, channel.name, channel)

    def unregister(self, name: str) -> None:
        """Remove a channel that was registered; does nothing if there is none of this name."""
        self._registered.pop(name, None)

    @contextmanager
    def temporarily(self, channel: Channel) -> Iterator[None]:
        """Register a channel for a `with` block, unless it is available already."""
        if self.get(channel.name) is channel:
            yield
            return
        self.register(channel)
        try:
            yield
        finally:
            self.unregister(channel.name)

    def find(self, name: str) -> Channel:
        """The channel of this name.

        Raises:
            ChannelError: there is none, or its entry point is broken.
        """
        try:
            return self[name]
        except KeyError:
            remedy = f"install the distribution that offers it; available: {', '.join(self)}"
            raise ChannelError(Problem(f"channel “{name}”", "is not installed", remedy)) from None

    def __getitem__(self, name: str) -> Channel:
        known = self._built_in.get(name) or self._registered.get(name) or self._loaded.get(name)
        if known is None:
            known = self._loaded[name] = _load(name, self._entry_points[name])
        return known

    def __contains__(self, name: object) -> bool:
        return name in self._built_in or name in self._registered or name in self._entry_points

    def __iter__(self) -> Iterator[str]:
        yield from (*self._built_in, *self._registered, *self._entry_points)

    def __len__(self) -> int:
        return len(self._built_in) + len(self._registered) + len(self._entry_points)

    @cached_property
    def _entry_points(self) -> dict[str, EntryPoint]:
        found: dict[str, EntryPoint] = {}
        for each in entry_points(group=GROUP):
            other = found.get(each.name)
            if each.name in self._built_in or (other is not None and other != each):
                rival = "campaign itself" if other is None else _origin(other)
                what = f"{_origin(each)} offers a channel of this name, and so does {rival}"
                raise ChannelError(Problem(f"channel “{each.name}”", what, "uninstall one of the two"))
            found[each.name] = each
        return found


def _origin(entry_point: EntryPoint) -> str:
    """The distribution of an entry point, for people."""
    return entry_point.dist.name if entry_point.dist else entry_point.value


def _load(name: str, entry_point: EntryPoint) -> Channel:
    where = f"channel “{name}” of {_origin(entry_point)}"
    try:
        loaded = entry_point.load()
    except Exception as error:  # the code of another distribution can raise anything
        what = f"{entry_point.value} cannot be loaded ({type(error).__name__}: {error})"
        raise ChannelError(Problem(where, what, "update or uninstall the distribution")) from error
    return _checked(where, name, loaded)


def _checked(where: str, name: str, found: object) -> Channel:
    """The object as a channel.

    Raises:
        ChannelError: it is a class, lacks an attribute, or has another name.
    """
    missing = [each for each in REQUIRED if not hasattr(found, each)]
    if isinstance(found, type):
        raise ChannelError(Problem(where, "is a class", "name an instance of it"))
    if missing:
        raise ChannelError(Problem(where, f"lacks {', '.join(missing)}", "see campaign.channels.base.Channel"))
    channel: Channel = found  # type: ignore[assignment]
    if channel.name != name:
        what = f"calls itself “{channel.name}”"
        raise ChannelError(Problem(where, what, "give the entry point the channel's name"))
    return channel


CHANNELS = ChannelRegistry(LIVECHAT, KITECHAT, ROCKETCHAT)
"""The channels of this process."""
