"""Ordinary lists in good order, in six languages: what no detector may stop.

Each has an id, names, an address, a question or a remark, an amount, a date, a telephone number and a web address, with
the punctuation, quotation marks and abbreviations that people write in that language.
"""

from __future__ import annotations

import csv
import io
from itertools import islice, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROWS = 200
_HEADER = ("token", "rid", "name", "address", "note", "amount", "date", "phone", "link")


def _lines(
    names: Sequence[Sequence[str]], places: Sequence[str], notes: Sequence[str], rest: Sequence[str]
) -> list[str]:
    """The lines of a CSV: every combination of the parts of a name in turn, the others in rotation."""
    amount, date, phone = rest
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEADER)
    for number, parts in enumerate(islice(product(*names), ROWS)):
        place, note = places[number % len(places)], notes[number % len(notes)]
        day = f"{number % 28 + 1:02}"
        link = f"https://x.example/{number}?ref={number}&q=a?b"
        cells = (" ".join(parts), place.format(number + 1), note, amount.format(number * 137), date.format(day))
        writer.writerow((f"tok{number:04}", f"room-{number}", *cells, phone.format(f"{number:04}"), link))
    return out.getvalue().splitlines()


def _vietnamese() -> list[str]:
    families = ["Nguyễn", "Trần", "Lê", "Phạm", "Đặng", "Võ", "Bùi", "ĐỖ", "Huỳnh", "Ngô"]
    middles = ["Văn", "Thị", "Hữu", "Thùy", "Quốc"]
    given = ["Bình", "Ánh", "Dũng", "Hương", "Phượng", "Tuấn", "Ngọc Ý"]
    places = [
        "Số {}, đường Lê Lợi, P. Bến Nghé, Q.1, TP. Hồ Chí Minh",
        "{} Ngõ Huế – Hà Nội",
        "Xã Ô Lâm, H. Tri Tôn, An Giang",
    ]
    notes = [
        "Bạn có khỏe không?",
        "Giảm 10% và 20%…",
        "“Khách VIP”",
        "Anh/chị ơi, còn hàng ko ạ??",
        "KH: NULL Studio",
        "Ừ! Được rồi",
    ]
    return _lines([families, middles, given], places, notes, ["{} ₫", "{}/01/2026", "+84 901 23 {}"])


def _german() -> list[str]:
    given = ["Jürgen", "Björn", "Anne-Käthe", "Günther", "Zoë", "Renée", "Ömer", "Łukasz", "Dr. Uwe", "Maria"]
    families = [
        "Müller",
        "Weiß",
        "Schröder",
        "von der Öhe",
        "O'Brien",
        "Größmann",
        "d’Artois",
        "Ünal",
        "Strauß-Kahn",
        "Jäger",
    ]
    places = ["Bahnhofstraße {}, 80331 München", "Königsallee {}a, Düsseldorf", "c/o Bäckerei Süß, Weg {}"]
    notes = [
        "„Wie geht’s?“",
        "Größe: 42 – passt nicht",
        "5'3\" groß",
        "z. B. um 14:30 Uhr?",
        "50 % Rabatt",
        "nan & Söhne",
        "Was? Nein!",
    ]
    return _lines([given, families, ["", "jun."]], places, notes, ["{},00 €", "{}.01.2026", "0170/555{}"])


def _thai() -> list[str]:
    given = ["สมชาย", "สมหญิง", "เธียร", "เนตรนภา", "กัญญา", "ธนพล", "เกศินี", "โชติ", "ไพศาล", "แพรว"]
    families = ["ใจดี", "แซ่ตั้ง", "เธียรเธอ", "ณ อยุธยา", "ศรีสุข", "เนียมเนตร", "วงศ์ใหญ่", "เจริญผล", "ทองคำ", "เธนธร"]
    places = ["{} ถนนสุขุมวิท แขวงคลองเตย กรุงเทพฯ", "หมู่ {} ต.เนินมะปราง จ.พิษณุโลก", "อินเทอร์เน็ตคาเฟ่ ชั้น {}"]
    notes = ["สบายดีไหม?", "ลด 10% ค่ะ", "“ลูกค้าพิเศษ”", "เธอกับเขา…", "โทรกลับ (ด่วน!)", "เน้นๆ – เธอก็เห็น"]
    return _lines([given, families, ["", "จูเนียร์"]], places, notes, ["฿{}", "{} ม.ค. 2569", "081-234-{}"])


def _japanese() -> list[str]:
    families = ["山田", "鈴木", "佐藤", "髙橋", "渡邊", "小野寺", "五十嵐", "長谷川", "ﾀﾅｶ", "サトウ"]
    given = ["太郎", "花子", "さくら", "ケンジ", "ゆうき", "美咲", "翔太", "あゆみ", "𠮷雄", "みなみ"]
    places = ["東京都千代田区丸の内1-1-{}", "大阪府大阪市北区梅田{}番地", "〒100-00{}　札幌市"]
    notes = [
        "お元気ですか？",
        "いつもありがとうございます！",
        "「特別」なお客様",
        "ポイント10%還元",
        "～夏セール～",
        "①番 ♪ 送料０円",
        "どうですか?",
    ]
    return _lines([families, given, ["", "様"]], places, notes, ["¥{}", "2026年1月{}日", "090-1234-{}"])


def _arabic() -> list[str]:
    given = ["محمد", "علي", "فاطمة", "عبد الله", "طارق", "ظافر", "نور", "مریم", "لطفي", "حافظ"]
    families = ["الطيب", "بن علي", "المصري", "القحطاني", "گلستانی", "چمران", "حسن", "الظاهري", "می‌رزا", "طه"]
    places = ["شارع الملك فهد، رقم {}، الرياض", "حي النزهة – عمارة {}", "القاهرة؛ مدينة نصر {}"]
    notes = ["كيف حالك؟", "خصم 10٪ اليوم!", "«عميل مميز»", "السلام عليكم…", "شكراً جزيلاً", "مَرْحَبًا", "هل هذا صحيح?"]
    return _lines([given, families, ["", "الابن"]], places, notes, ["{} ر.س", "{}/01/2026", "+966 50 123 {}"])


def _russian() -> list[str]:
    given = ["Фёдор", "Пётр", "Семён", "Алёна", "Юлия", "Игорь", "Сергей", "РОМАН", "Олёна", "Артём"]
    families = ["Сёмин", "Рёмер", "Иванов", "Щербаков", "Сірко", "Рєпін", "Королёва", "Њгош", "Ґжицький", "СЁМИН"]
    places = [
        "ул. Пушкина, д. {}, кв. 5 – Москва",
        "г. Санкт-Петербург, Невский пр., {}",
        "Київ, вул. Січових Стрільців, {}",
    ]
    notes = [
        "Как дела?",
        "Скидка 10 % – сегодня!",
        "«Особый» клиент",
        "Что?! Нет…",
        "№ 5, 20 °C",
        "Р. С. Ё.",
        "Їжак є?",
        "„Цитата“",
    ]
    return _lines([given, families, ["", "мл."]], places, notes, ["{} ₽", "{}.01.2026", "+7 (901) 23-{}"])


LISTS: dict[str, Callable[[], list[str]]] = {
    "Vietnamese": _vietnamese,
    "German": _german,
    "Thai": _thai,
    "Japanese": _japanese,
    "Arabic": _arabic,
    "Russian": _russian,
}
"""The lines of a list in each language, the header first."""
