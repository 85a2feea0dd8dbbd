"""The README's example: one fit of real flights, four questions. Needs vaekit[demo]; takes about a minute on two cores."""

import vaekit
from vaekit.demo import read_flights

table = read_flights(20_000).to_pandas()  # real flights of 2013 with real gaps
model = vaekit.fit(table)

scores = model.score(table)
print(scores.reasons[scores.total.argmax()][0])
print(model.sample(3, given={"carrier": "UA", "origin": "EWR"})[["dest", "distance", "air_time"]])
print(model.impute(table)["air_time"].isna().sum(), "gaps left of", table["air_time"].isna().sum())
model.save("flights.vae")
