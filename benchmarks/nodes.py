"""The requests to each node for the same work, on clusters of 1, 3 and 6 nodes: `python -m benchmarks.nodes`."""

from __future__ import annotations

from collections.abc import Mapping

from limpyd import RedisDatabase
from tests.support.clusters import cluster_of
from tests.support.node_shares import PARTITIONS, WORK, Share, shares
from tests.support.servers import NEWEST

SIZES = (1, 3, 6)


def shares_on(nodes: int) -> dict[str, Share]:
    """Does the work on a cluster of some nodes."""
    with cluster_of(NEWEST, primaries=nodes) as cluster:
        database = RedisDatabase(nodes=cluster.addresses)
        try:
            return shares(database, cluster.nodes)
        finally:
            database.close()


def table(found: Mapping[int, dict[str, Share]]) -> str:
    """Returns the table of docs/partitions.md, by the shares on clusters of each size."""
    lines = ["| | " + " | ".join(f"{nodes} nodes" if nodes > 1 else "1 node" for nodes in found) + " |"]
    lines.append("|---|" + "---|" * len(found))
    for name in WORK:
        cells = [f"{share[name].per_call:.3g} / {share[name].busiest:.2g}" for share in found.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Prints the table, and the busiest node as a multiple of an even share."""
    found = {nodes: shares_on(nodes) for nodes in SIZES}
    print(f"A model of {PARTITIONS} partitions on {NEWEST}: requests of a call to all nodes / to the busiest one\n")
    print(table(found))
    for nodes, share in found.items():
        print(
            f"{nodes} nodes, busiest / even share:", {name: round(each.unevenness, 3) for name, each in share.items()}
        )


if __name__ == "__main__":
    main()
