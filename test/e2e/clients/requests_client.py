import os
import sys

import requests

base_url, key, path, content_type = sys.argv[1:]

asked = requests.post(
    f"{base_url}/v1/upload/s3",
    headers={"Authorization": f"Bearer {key}"},
    json={"filename": os.path.basename(path), "contentType": content_type, "size": os.path.getsize(path)},
    timeout=30,
)
asked.raise_for_status()
answer = asked.json()

with open(path, "rb") as file:
    uploaded = requests.put(answer["uploadUrl"], headers=answer["headers"], data=file, timeout=30)
uploaded.raise_for_status()
print(asked.text)
