// Properties draw the same cases in each run when PROPERTY_SEED is given, as in `.ci/run`.
const seed = process.env.PROPERTY_SEED
if (seed) require('fast-check').configureGlobal({ seed: Number(seed) })
