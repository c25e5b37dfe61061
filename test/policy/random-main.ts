import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { startLabelStudio } from '../support/label-studio-server.js'
import { runRandom } from './random-run.js'
import { openWorld } from './world.js'

/**
 * `npm run test:hostile -- --requests 100000 [--seed N]`: requests by chance to a real Label Studio
 * through the gate, as people of each role, about a project that is not theirs.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { requests: { type: 'string', default: '100000' }, seed: { type: 'string' } },
  })
  const requests = Number(values.requests)
  const seed = Number(values.seed ?? randomInt(2 ** 31))
  console.log(`test:hostile -- --requests ${requests} --seed ${seed}`)
  const world = await openWorld(startLabelStudio)
  const started = Date.now()
  const onProgress = (sent: number) => {
    console.log(`${sent} sent, ${Math.round((Date.now() - started) / 1000)} s`)
  }
  try {
    const { sent, statuses, breaches } = await runRandom(world, {
      requests,
      seed,
      onProgress,
      onBreach: (breach) => console.log(breach),
    })
    const counts = [...statuses].sort().map(([status, count]) => `${status}: ${count}`)
    console.log(`${sent} sent; by status ${counts.join(', ')}`)
    console.log(breaches.length === 0 ? 'Nothing got through.' : `${breaches.length} breaches.`)
    process.exitCode = breaches.length === 0 ? 0 : 1
  } finally {
    await world.close()
  }
}

void main()
