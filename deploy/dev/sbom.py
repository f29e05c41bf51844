"""Mends a list that cargo-cyclonedx wrote, for what cargo itself builds: sbom.py ROOT FILE <TREE.

It takes all that a feature could bring, even where nothing asks for it, such as the drivers of other databases; so what
`cargo tree` does not know is left out. And it calls what is ours by the folder of the machine it ran on; so that is cut off.
"""

import json
import sys


def of_tree(lines):
    """The name and version of each package; a line of `cargo tree` is `NAME vVERSION (more)`."""
    words = (line.split() for line in lines)
    return {(name, version.removeprefix("v")) for name, version, *_ in words}


def mend(bom, built):
    """Only what is built stays; nothing points to what went."""
    bom["components"] = [part for part in bom["components"] if (part["name"], part["version"]) in built]
    there = {part["bom-ref"] for part in bom["components"]} | {bom["metadata"]["component"]["bom-ref"]}
    bom["dependencies"] = [edge for edge in bom["dependencies"] if edge["ref"] in there]
    for edge in bom["dependencies"]:
        if "dependsOn" in edge:
            edge["dependsOn"] = [ref for ref in edge["dependsOn"] if ref in there]
    listed = {(part["name"], part["version"]) for part in [bom["metadata"]["component"], *bom["components"]]}
    if built - listed:
        sys.exit(f"built, and not listed: {sorted(built - listed)}")


def main():
    root, file = sys.argv[1:]
    with open(file, encoding="utf-8") as source:
        bom = json.load(source)
    mend(bom, of_tree(sys.stdin))
    text = json.dumps(bom, indent=2).replace(f"path+file://{root}/", "")
    if root in text:
        sys.exit(f"{file}: names a folder of this machine")
    print(text)


main()
