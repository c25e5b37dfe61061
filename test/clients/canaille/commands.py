"""Runs commands of Canaille, one for each line of JSON, and prints a line of JSON for each.

To import what Canaille is made of takes seconds, its commands a part of one. So the libraries are
imported once, and each command runs in a process of its own that is forked from this one. What is
Canaille's own is imported there, as its program does.
"""

import importlib
import json
import os
import sys
import tempfile
import traceback

from canaille.commands import cli

LIBRARIES = [
    "alembic.command",
    "authlib.integrations.flask_oauth2",
    "scim2_client",
    "scim2_models",
    "sqlalchemy.orm",
    "sqlalchemy_utils",
]


def become(parameters, out, err):
    """Is the program from here on, and does not return."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.argv = ["canaille", *parameters]
        cli()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def run(parameters):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            become(parameters, out, err)
        _, status = os.waitpid(child, 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    code = os.waitstatus_to_exitcode(status)
    return {"code": code, "stdout": texts[0], "stderr": texts[1]}


os.chdir(os.path.dirname(os.environ["CANAILLE_CONFIG"]))
for name in LIBRARIES:
    importlib.import_module(name)
for line in sys.stdin:
    try:
        answer = {"result": run(json.loads(line)["parameters"])}
    except Exception:
        answer = {"failure": traceback.format_exc()}
    print(json.dumps(answer), flush=True)
