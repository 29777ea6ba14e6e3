"""How much of everything a call may hold. Each limit has its sentence where it is checked."""

TEXT_BYTES = 256_000  # campaign.toml, a statement, a give page, an update
TABLE_BYTES = 5_000_000  # venues.csv, events.csv
TABLE_ROWS = 10_000
PICTURE_BYTES = 20_000_000
PICTURE_PIXELS = 40_000_000
PICTURE_WIDTH = 1600  # as published
FILES = 2_000

TITLE = 150  # characters: it goes into the subject of a mail
SUMMARY = 500
DEMANDS = 30
DEMAND = 500
DEMAND_TO = 200
NAME = 200  # organiser, controller, translator, venue, give page
POSTAL_ADDRESS = 500
PICTURE_ALT = 300
CITY = 100
ADDRESS = 200
EVENT_TITLE = 100
EVENT_TEXT = 500
ROW_ID = 64
BENEFICIARY = 70  # EPC069-12
REFERENCE = 140  # EPC069-12
GIVE_LINKS = 20
URL = 200
THRESHOLD = 1_000
AGE = 99
