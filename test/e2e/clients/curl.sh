# What each program in this folder does: URL KEY FILE TYPE → asks for an upload of the file, uploads it with exactly
# what the answer says, and prints the answer.
set -eu
base_url=$1 key=$2 file=$3 type=$4

answer=$(curl --silent --show-error --fail-with-body -X POST "$base_url/v1/upload/s3" \
  -H "Authorization: Bearer $key" \
  -H 'Content-Type: application/json' \
  -d "{\"filename\":\"$(basename "$file")\",\"contentType\":\"$type\",\"size\":$(wc -c <"$file")}")

upload_url=$(printf '%s' "$answer" | sed -E 's/.*"uploadUrl":"([^"]+)".*/\1/')
curl --silent --show-error --fail-with-body -X PUT "$upload_url" -H "Content-Type: $type" --data-binary "@$file"
printf '%s\n' "$answer"
