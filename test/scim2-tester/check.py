"""Runs scim2-tester's checks against a service provider and prints one JSON object a check.

Usage: check.py BASE_URL, with the bearer token in SCIM_TOKEN.
"""

import json
import os
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

client = Client(
    base_url=sys.argv[1],
    headers={"Authorization": f"Bearer {os.environ['SCIM_TOKEN']}"},
)
for result in check_server(SyncSCIMClient(client)):
    print(
        json.dumps(
            {
                "title": result.title,
                "type": result.resource_type,
                "status": result.status.name,
                "description": result.description,
                "reason": result.reason,
                "data": str(result.data)[:2000],
            }
        )
    )
