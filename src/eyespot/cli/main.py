"""The command `eyespot`: a table of commands, each imported when it is called."""

from __future__ import annotations

import io
import os
import sys
import warnings
from importlib import import_module

import click

from eyespot.errors import EyespotError

# name: (module and function, what it does in one line), in the order of a first visit
COMMANDS = {
    "demo": ("demo", "Try the whole way on bundled pictures, in under a minute."),
    "advise": ("advise", "Say what to do with your photos, measured on them."),
    "train": ("train", "Make a classifier from a folder of photos, and measure it."),
    "check": ("check", "Before a long training: is the set-up sane?"),
    "predict": ("predict", "Name photos with a classifier."),
    "explain": ("explain", "Show why a classifier says what it says of a photo."),
    "dense": ("dense", "Show where things are on a large photo."),
    "similar": ("similar", "Show the training photos most like a photo."),
    "map": ("map", "Draw photos in the plane, the alike ones side by side."),
    "evaluate": ("evaluate", "Measure classifiers on photos with known labels."),
    "compare-models": ("compare_models", "Say which of two classifiers is better."),
    "audit": ("audit", "Look for what is wrong in a folder of photos."),
    "show-augmentations": ("show_augmentations", "Show photos as training sees them."),
    "export": ("export", "Write a classifier as ONNX, proved equal."),
    "bundle": ("bundle", "Check or seal a classifier's folder."),
    "networks": ("networks", "List the networks of the catalogue."),
    "show": ("show", "Show one network as its paper does, or two side by side."),
    "layers": ("layers", "Show a network layer by layer: costs, and what each one sees."),
    "convolve": ("convolve", "Filter a photo, and show a convolution step by step."),
    "receptive-field": ("receptive_field", "Draw what a unit sees of a photo, and what counts."),
    "filters": ("filters", "Draw what a convolution looks for."),
    "feature-maps": ("feature_maps", "Draw what the layers of a network answer to a photo."),
    "tour": ("tour", "Follow a photo through a network to the labels, on one page."),
    "top-activations": ("top_activations", "Draw the photos that move a unit most."),
    "find": ("find", "Find one photo inside of another, by a network's features."),
    "scale": ("scale", "Scale a network up by its paper's rule."),
    "compare": ("compare", "Compare networks: accuracy, cost, time; the challenge by year."),
    "lineage": ("lineage", "Say which idea of a network came from where."),
    "experiment": ("experiment", "Repeat an experiment of a paper, with a chart at its end."),
    "recipes": ("recipes", "List how the papers trained their networks."),
    "weights": ("weights", "List, explain and fetch pretrained weights."),
    "doctor": ("doctor", "Say what this machine has, and what is wrong."),
}
ALIASES = {"fit": "train", "val": "evaluate", "models": "networks"}  # what others call them


class Commands(click.Group):
    """Knows all commands by name, and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        module = import_module(f"eyespot.cli.{COMMANDS[name][0]}")
        command: click.Command = getattr(module, name.replace("-", "_"))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """An unknown command is told with the nearest known ones."""
        from eyespot.errors import lookup

        if args and not args[0].startswith("-") and args[0] not in COMMANDS | ALIASES:
            try:
                lookup("command", args[0], COMMANDS)
            except EyespotError as error:
                raise click.UsageError(str(error), ctx) from error
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table above, without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="eyespot", message="eyespot %(version)s")
def eyespot() -> None:
    """A folder of photos becomes an image classifier you can trust.

    \b
    Example:
      eyespot train photos/
      eyespot predict photos-model/ inbox/

    Every command takes --traceback to show where an error came from.
    """


def main() -> None:
    """Run the command line: errors of the user in one or two lines on stderr, exit code 2."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--traceback"]
    show_traceback = len(arguments) < len(sys.argv) - 1
    _prepare_streams()
    try:
        code = eyespot.main(arguments, prog_name="eyespot", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        sys.exit(_refused(error))
    except (click.Abort, KeyboardInterrupt):
        click.echo("eyespot: stopped. Run the same command again to go on.", err=True)
        sys.exit(130)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - for the interpreter's last flush
        sys.exit(141)
    except (EyespotError, OSError) as error:
        if show_traceback:
            raise
        click.echo(f"eyespot: {error}", err=True)
        sys.exit(error.exit_code if isinstance(error, EyespotError) else 2)
    sys.exit(code if isinstance(code, int) else 0)


def _refused(error: click.ClickException) -> int:
    """Say in one line what is wrong with the words that were typed, and where help is."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    message = " ".join(error.format_message().split())
    click.echo(f"eyespot: {message}", err=True)
    click.echo(f"Try: {context.command_path if context else 'eyespot'} --help", err=True)
    return error.exit_code


def _prepare_streams() -> None:
    """No name of a file can stop the output, and no library writes between our lines."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
