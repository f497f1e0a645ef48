"""The description of the API that docs/openapi.json keeps: `python -m loadboard.openapi > docs/openapi.json`."""

import json
import sys

from loadboard.app import create_app


def description() -> str:
    return json.dumps(create_app().openapi(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(description())
