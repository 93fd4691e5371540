"""`python -m campaign`, and the script `campaign`."""

import gc

from campaign.cli.main import campaign
from campaign.cli.streams import make_streams_unfailing


def main() -> None:
    """Run the command line."""
    make_streams_unfailing()
    gc.disable()  # until the command is loaded: what modules make stays, and looking at it takes a quarter of the start
    campaign(prog_name="campaign")


if __name__ == "__main__":
    main()
