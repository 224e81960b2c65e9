"""Prints what is read from every planted model: run under several PYTHONHASHSEED, it must print the same."""

import json

from planted.cases import CASES
from planted_reading import reading_of

from mmfix.model.stored import to_json

if __name__ == "__main__":
    for case in CASES:
        print(json.dumps([case.name, to_json(reading_of(case.name))]))
