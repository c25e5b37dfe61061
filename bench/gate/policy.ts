import { type Adapters, accessGate } from 'label-studio-scim'
import {
  identifyLabelStudioUser,
  labelStudioAdapters,
  labelStudioPolicy,
  sinceFirstRule,
} from 'label-studio-scim/adapters/label-studio'
import { sqlAdapters } from 'label-studio-scim/adapters/sql'
import type { Databases } from '../databases.js'
import type { Effort } from '../requests.js'
import type { Verdict } from '../targets.js'
import { gateServer, timeGates } from './timed.js'
import { few, fill, labelStudio, listen, many } from './world.js'

const targetMs = 0.3
/** A project, one of its tasks, and the list of projects. */
const paths = ['/api/projects/1/', '/api/tasks/1/', '/api/projects?page=1']

/**
 * Measures how long the gate holds a request, and how much of that the policy adds: on SQLite with
 * few rules and with many, and on PostgreSQL if available.
 */
export async function measurePolicy(
  { rounds }: Effort,
  databases: Databases,
): Promise<readonly Verdict[]> {
  const behind = await listen(labelStudio)
  const found: Verdict[] = []
  for (const [name, sizes, url] of [
    ['few rules', few, 'sqlite::memory:'],
    ['2,000 groups and 10,000 projects', many, 'sqlite::memory:'],
    ['PostgreSQL, few rules', few, await databases.create('postgres')],
  ] as const) {
    if (url === undefined) continue
    const storage = await sqlAdapters({ url })
    await fill(storage, sizes)
    const adapters = labelStudioAdapters({ url: behind.url, token: 'owner', storage })
    found.push(...(await measureGates(adapters, behind.url, { name, rounds })))
    await storage.close()
  }
  behind.stop()
  return found
}

async function measureGates(
  adapters: Adapters,
  url: string,
  { name, rounds }: { readonly name: string; readonly rounds: number },
): Promise<readonly Verdict[]> {
  const identify = identifyLabelStudioUser({ url })
  const enforce = labelStudioPolicy({ url, token: 'owner', isInForce: sinceFirstRule(adapters) })
  const alone = accessGate(adapters, { identify })
  const withPolicy = accessGate(adapters, { identify, enforce })
  const found: Verdict[] = []
  for (const path of paths) {
    const gates = [await gateServer(alone), await gateServer(withPolicy)]
    const times = await timeGates(gates, { path, rounds })
    for (const gate of gates) gate.stop()
    const [base = Number.NaN, all = Number.NaN] = times.map(({ p50 }) => p50)
    const target =
      `${name}, ${path}: gate ${base.toFixed(3)} ms, with policy ${all.toFixed(3)} ms; ` +
      `policy, ms, at most ${targetMs}`
    found.push({ target, figure: all - base, isMet: all - base <= targetMs })
  }
  alone.close()
  withPolicy.close()
  return found
}
