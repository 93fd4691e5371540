"""`python -m campaign`, and the script `campaign`."""

from campaign.cli.main import campaign
from campaign.cli.streams import make_streams_unfailing


def main() -> None:
    """Run the command line."""
    make_streams_unfailing()
    campaign(prog_name="campaign")


if __name__ == "__main__":
    main()
