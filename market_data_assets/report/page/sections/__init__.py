"""The sections of the daily page, in its order. A new one is one file here, one template of its name, and one line below."""

from market_data_assets.report.page.section import Section
from market_data_assets.report.page.sections.candles import CANDLES_CHARTED
from market_data_assets.report.page.sections.coverage import COVERAGE
from market_data_assets.report.page.sections.latency import LATENCY
from market_data_assets.report.page.sections.missing import MISSING
from market_data_assets.report.page.sections.places import PLACES
from market_data_assets.report.page.sections.quality import QUALITY
from market_data_assets.report.page.sections.sizes import SIZES

SECTIONS: tuple[Section, ...] = (COVERAGE, MISSING, CANDLES_CHARTED, QUALITY, LATENCY, SIZES, PLACES)
