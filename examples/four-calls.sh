#!/usr/bin/env bash
# Logs time, lists it, reads a LinkedIn profile and searches people, on behalf of one user, against a running `granary up`.
# Needs GRANARY_API_KEY; GRANARY names the command where it is not on the PATH. The credentials are the simulator's.
set -euo pipefail
: "${GRANARY_API_KEY:?set it to the key that granary up printed}"
granary=${GRANARY:-granary}
user=${1:-user_ha_456}

# Once for each user. Repeating it changes nothing.
"$granary" accounts create "$user" >/dev/null
echo sbx-pat-0001-5e989c2ad45b3e59 | "$granary" credentials put --account "$user" harvest-token --account-id 910001 >/dev/null
echo sbx-key-0001-9a09a26b67c4cefc | "$granary" credentials put --account "$user" harvestapi-key >/dev/null

call() {
  printf '\n── %s\n' "$1"
  "$granary" call "$1" --account "$user" "$2" "${@:3}"
}
call log_time_entry '{"project_id": 12345678, "task_id": 87654321, "spent_date": "2026-03-31", "hours": 1.5, "notes": "Code review"}'
call list_time_entries '{"from": "2026-03-01", "to": "2026-03-31", "is_billed": false, "per_page": 100}'
# Charged reads: what they may cost is bounded before they are made.
call scrape_profile '{"profile_url": "https://www.linkedin.com/in/jeffweiner08", "main": false, "find_email": false}' --max-cost 0.01
call search_people '{"title": "VP of Engineering,Head of Engineering", "company": "Stripe,Airbnb", "location": "San Francisco, CA", "page": 1}' --max-cost 0.01
