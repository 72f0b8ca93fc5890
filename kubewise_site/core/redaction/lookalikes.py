"""Letters of other scripts that look like Latin ones (from Unicode's list of confusables)."""

from __future__ import annotations

_LIKE = {
    "a": "аɑα", "b": "Ьƅ", "c": "сϲⅽ", "d": "ԁɗⅾđ", "e": "еҽє℮", "g": "ɡց", "h": "һհ",
    "i": "іιɩıӏ", "j": "јϳ", "k": "кκ", "l": "ⅼł", "m": "мⅿ", "n": "ոпη", "o": "оοօσø", "p": "рρ",
    "q": "ԛզ", "r": "гᴦ", "s": "ѕꜱß", "t": "тτ", "u": "υսᴜ", "v": "νѵⅴ", "w": "ԝѡω", "x": "хχⅹ",
    "y": "уγү", "z": "ᴢ", "A": "АΑ", "B": "ВΒ", "C": "СϹ", "D": "Ⅾ", "E": "ЕΕ", "F": "Ϝ",
    "G": "Ԍ", "H": "НΗ", "I": "ІΙ", "J": "Ј", "K": "КΚ", "M": "МΜ", "N": "Ν", "O": "ОΟ",
    "P": "РΡ", "S": "Ѕ", "T": "ТΤ", "U": "Ս", "V": "Ѵ", "W": "Ԝ", "X": "ХΧ", "Y": "ΥҮ", "Z": "Ζ",
    ":": "：ː∶", "|": "│┃∣｜", "=": "＝゠", '"': "“”„«»", "'": "‘’‚`", "-": "‐‑–—−",
}  # fmt: skip
LOOKALIKES = {char: latin for latin, chars in _LIKE.items() for char in chars}
