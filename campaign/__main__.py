"""`python -m campaign`, and the script `campaign`."""

from campaign.cli.main import campaign


def main() -> None:
    """Run the command line."""
    campaign(prog_name="campaign")


if __name__ == "__main__":
    main()
