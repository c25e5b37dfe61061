"""Label Studio's own SDK: reads a command a line, prints a line of JSON for each."""

import json
import os
import sys
import traceback

from label_studio_sdk import LabelStudio
from label_studio_sdk.core.api_error import ApiError

client = LabelStudio(base_url=os.environ["SCIM_URL"], api_key=os.environ["SCIM_TOKEN"])


def run(command, rules):
    """What the SDK believes afterwards."""
    try:
        scim = client.sso.scim
        settings = scim.update(**rules) if command == "update" else scim.get()
    except ApiError as error:
        return {"success": False, "status": error.status_code, "body": error.body}
    return {"success": True, "settings": settings.dict()}


for line in sys.stdin:
    parameters = json.loads(line)
    try:
        answer = {"result": run(parameters["command"], parameters.get("rules", {}))}
    except Exception:
        answer = {"failure": traceback.format_exc()}
    print(json.dumps(answer), flush=True)
