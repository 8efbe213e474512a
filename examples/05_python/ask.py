"""Asks a plant from Python: last values, hours, a grid, time in states.

python ask.py                                  # ./.isthmus or ./demo-plant/site
python ask.py http://127.0.0.1:8800            # with the token in ISTHMUS_TOKEN
"""

import sys

import isthmus


def main(target: str | None = None) -> None:
    """Print what the plant at `target` answers."""
    with isthmus.connect(target) as plant:
        print(plant, "\n")

        print("power now:")
        for row in plant.last("**/power"):
            print(f"  {row['path']:<40} {row['value']:8.2f}")

        hours = plant.history("**/power", last="8h", every="1h", aggregate="time-average,max")
        print("\nhours, as pandas:")
        print(hours.pandas().groupby("path", observed=True)["time_average"].describe())

        grid = plant.history("**/power", last="1h", grid="1min", max_age="10min")
        print("\nminutes side by side:")
        print(grid.pandas().corr().round(2))

        print("\ntime in states:")
        for row in plant.history("**/state", last="8h", aggregate="states"):
            print(f"  {row['path']:<40} {row['state']:<12} {row['seconds'] / 60:6.1f} min")

        days = plant.history("**/power", last="1d", every="1h", aggregate="total", wide=True)
        print("\nkWh of an hour, units", set(days.units.values()))
        for name, values in days.numpy().items():
            if name != "time":
                print(f"  {name:<40} {values[-2] / 3600:8.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
