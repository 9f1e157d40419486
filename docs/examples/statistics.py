"""The worked example of docs/statistics.md: three models on 1,000 pictures that nobody ever took.

python docs/examples/statistics.py
"""

import numpy as np

from rebench.stats import (
    Settings,
    compare,
    compare_runs,
    estimate,
    mcnemar,
    power_analysis,
    seed_uncertainty,
)

IMAGES, EACH = 1000, 3


def make_up():
    """Scores of ours, a rival and a copy of it that was trained again; image ids; who is ambiguous."""
    rng = np.random.default_rng(2026)
    images = np.repeat(np.arange(IMAGES), EACH)
    ambiguous = rng.random(len(images)) < 0.5
    ease = rng.normal(0, 0.9, IMAGES)[images] - 0.6 * ambiguous
    union = np.round(20_000 * np.exp(rng.normal(0, 0.7, IMAGES)))[images]

    def model(skill):
        taste = rng.normal(0, 0.35, IMAGES)[images]
        iou = 1 / (1 + np.exp(-(skill + ease + taste + rng.normal(0, 0.7, len(images)))))
        return {"intersection": np.round(iou * union), "union": union}

    again = [model(0.5 + rng.normal(0, 0.03)) for _ in range(3)]
    runs = {"ours": model(0.5 + 0.2 * ambiguous - 0.07), "rival": again[0], "rival again": again[1]}
    return runs, again, images, ambiguous


runs, rivals, images, ambiguous = make_up()
ours, rival = runs["ours"], runs["rival"]

print("1. an interval")
for name, clusters in (("images", images), ("expressions", np.arange(len(images)))):
    found = estimate(ours, clusters, "miou")
    print(
        f"   mIoU {100 * found.value:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}], resampling {name}"
    )

print("2. a comparison")
found = compare(ours, rival, images, "oiou")
print("   " + found.text)
print(f"   effect {found.effect:.2f}, better on {100 * found.superiority:.0f} % of the images")
hits = [run["intersection"] / run["union"] >= 0.5 for run in (ours, rival)]
print(f"   Pr@0.5 by McNemar: p = {mcnemar(*hits).p:.1g} as if expressions were independent,")
print(f"   p = {compare(ours, rival, images, 'pr50', test='mcnemar').p:.1g} with images as clusters")

print("3. all at once")
groups = {"simple": ~ambiguous, "ambiguous": ambiguous}
panel = compare_runs(
    runs, images, groups, ("oiou", "miou"), Settings(margin=0.02, interactions=(("ambiguous", "simple"),))
)
for difference in panel.differences:
    if difference.metric == "oiou":
        print("   " + difference.text)
for ranking in panel.rankings:
    if ranking.metric == "oiou":
        print(f"   may be the best on {ranking.group}: {', '.join(ranking.best)}")
print("   " + panel.interactions[0].text)

print("4. power")
power = power_analysis(ours, rival, images, "oiou")
print(f"   {power.images:,} images show a difference of {100 * power.detectable:.1f} oIoU with chance 0.8;")
print(f"   for 1.0 oIoU it takes {power.images_for(0.01):,}")

print("5. seeds")
print("   rival: " + seed_uncertainty(rivals, images, "oiou").text)
