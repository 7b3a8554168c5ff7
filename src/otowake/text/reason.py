"""Why something failed, in both languages: errors of the system, of FFmpeg and of libsndfile."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

from otowake.text.language import Text

SYSTEM: dict[int, str] = {
    errno.ENOENT: "ファイルまたはフォルダーがありません",
    errno.EACCES: "アクセス権がありません",
    errno.EPERM: "この操作は許可されていません",
    errno.EEXIST: "すでに存在します",
    errno.EISDIR: "フォルダーです",
    errno.ENOTDIR: "パスの途中がフォルダーではありません",
    errno.ENOTEMPTY: "フォルダーが空ではありません",
    errno.ENOSPC: "ディスクの空き容量がありません",
    errno.EDQUOT: "割り当てられたディスク容量を超えています",
    errno.EFBIG: "ファイルが大きすぎます",
    errno.EROFS: "読み取り専用のディスクです",
    errno.ENAMETOOLONG: "名前が長すぎます",
    errno.ELOOP: "シンボリックリンクが循環しています",
    errno.EBUSY: "使用中です",
    errno.EIO: "入出力エラー",
    errno.EMFILE: "開いているファイルが多すぎます",
    errno.EADDRINUSE: "このアドレスはすでに使われています",
    errno.EADDRNOTAVAIL: "このコンピューターにはないアドレスです",
    errno.ECONNREFUSED: "接続を拒否されました",
}
"""Japanese words for errors of the operating system, which has its own English ones."""

MEDIA: dict[str, Text] = {
    "InvalidDataError": Text("it contains invalid data", "不正なデータが含まれています"),
    "EOFError": Text("it ends too early", "途中で終わっています"),
    "DecoderNotFoundError": Text("its codec is unknown", "対応していないコーデックです"),
    "DemuxerNotFoundError": Text("its format is unknown", "対応していない形式です"),
    "PatchWelcomeError": Text(
        "FFmpeg does not support this kind of file", "FFmpeg が対応していない種類のファイルです"
    ),
}
"""Errors of FFmpeg by the name of PyAV's class."""

LIBSNDFILE: dict[int, Text] = {
    1: Text("its format is unknown", "対応していない形式です"),
    3: Text("it is damaged", "ファイルが壊れています"),
    4: Text("its encoding is unknown", "対応していない符号化方式です"),
}
"""The errors of libsndfile that are part of its interface."""

NO_SOUND = Text("there is no sound in it", "音声が含まれていません")
NOT_REGULAR = Text("it is not a regular file", "通常のファイルではありません")
NAME_NOT_UTF8 = Text("its name is not UTF-8", "名前が UTF-8 ではありません")
NOT_UTF8 = Text("its text is not UTF-8", "UTF-8 のテキストではありません")
ITS_RATE = Text("its sampling rate is {rate} Hz", "サンプリング周波数が {rate} Hz です")
FFMPEG = Text("FFmpeg: {words}", "FFmpeg のエラー: {words}")
SNDFILE = Text("libsndfile: {words}", "libsndfile のエラー: {words}")
UNKNOWN = Text("{words}", "エラー: {words}")


def reason_of(error: BaseException) -> Text:
    """Describe an error in a few words, to stand in parentheses; unknown ones in their own words.

    Examples
    --------
    >>> reason_of(PermissionError(13, "Permission denied"))
    Text(en='Permission denied', ja='アクセス権がありません')
    """
    name, module = type(error).__name__, type(error).__module__
    number = getattr(error, "errno", None) or 0
    system = Text(os.strerror(number), SYSTEM[number]) if number in SYSTEM else None
    words = str(getattr(error, "strerror", None) or error)
    if module.startswith("av."):
        return MEDIA.get(name) or system or FFMPEG.filled(words=words)
    if name == "LibsndfileError":
        words = str(getattr(error, "error_string", error)).rstrip(".")
        return LIBSNDFILE.get(getattr(error, "code", 0)) or SNDFILE.filled(words=words)
    if isinstance(error, UnicodeError):
        return NOT_UTF8
    return system or UNKNOWN.filled(words=words)


def joined(reasons: Iterable[Text]) -> Text:
    """List different reasons, each once."""
    known = list(dict.fromkeys(reasons))
    return Text(*(comma.join(why[i] for why in known) for i, comma in enumerate((", ", "、"))))
