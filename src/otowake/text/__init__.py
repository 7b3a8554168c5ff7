"""Text in two languages: the one home of every sentence that a person reads.

A :class:`Text` is a template in English and in Japanese. Errors, warnings, option help, table headings and
figure labels are all made from them, so neither language can say more than the other.
"""

from otowake.text.archive import *
from otowake.text.language import LANGUAGES, Language, Text
from otowake.text.refusal import *
from otowake.text.result import *
from otowake.text.usage import *
from otowake.text.web import *
