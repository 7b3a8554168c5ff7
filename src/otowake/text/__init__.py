"""The sentences and labels that a person reads, in English and Japanese.

A :class:`Text` is a template in both languages. Errors, warnings, help and tables use the names of
this package; figures use :mod:`otowake.text.figure_labels`, the report :mod:`otowake.text.report`.
"""

from otowake.text.archive_command import *
from otowake.text.corrections import *
from otowake.text.language import LANGUAGES, Language, Text
from otowake.text.reason import ITS_RATE, NAME_NOT_UTF8, NO_SOUND, NOT_REGULAR, joined, reason_of
from otowake.text.refusal import *
from otowake.text.result import *
from otowake.text.usage import *
from otowake.text.web import *
