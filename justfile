# What is run most. `just --list` names it all; the work is done by tests/run.

# Runs everything on this machine, with the simulator in place of the vendors
up *FLAGS:
    cargo run --release -p granary -- up {{FLAGS}}

# Runs every check, or the parts that are named
test *PARTS:
    tests/run {{PARTS}}

# What is quick: before a commit
check:
    tests/run --fast

# Formats the code
format:
    cargo fmt --all
