// With PROPERTY_SEED, as in `.ci/run`, property tests draw the same cases in each run.
const seed = process.env.PROPERTY_SEED
if (seed) require('fast-check').configureGlobal({ seed: Number(seed) })
