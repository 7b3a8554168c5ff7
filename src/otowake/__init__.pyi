from otowake import plot as plot
from otowake.console import progress as progress
from otowake.errors import BadInput as BadInput
from otowake.errors import InputWarning as InputWarning
from otowake.errors import MissingExtra as MissingExtra
from otowake.errors import NotConverged as NotConverged
from otowake.errors import OtowakeError as OtowakeError
from otowake.io import load as load
from otowake.io import load_analysis as load_analysis
from otowake.io import save_analysis as save_analysis
from otowake.io.audio import demo_path as demo_path
from otowake.music import analyse as analyse
from otowake.music.pitch import note_name as note_name
from otowake.nmf import factorize as factorize
from otowake.options import FitSpec as FitSpec
from otowake.options import LoadSpec as LoadSpec
from otowake.options import StftSpec as StftSpec
from otowake.signal import spectrogram as spectrogram
from otowake.types import Analysis as Analysis
from otowake.types import Audio as Audio
from otowake.types import Component as Component
from otowake.types import Factors as Factors
from otowake.types import Fit as Fit
from otowake.types import Pitch as Pitch
from otowake.types import Progress as Progress
from otowake.types import Spectrogram as Spectrogram

__version__: str
