import { setTimeout as delay } from 'node:timers/promises'
import { type Database, lone, statement } from './database.js'
import { sql } from './sql.js'

const noteTime = lone(
  statement<{ readonly at: string }>(
    (value) => sql`
    insert into scim_values (tenant, name, value)
    values ('', 'database.writable', ${value('at')})
    on conflict (tenant, name) do update set value = excluded.value`,
  ),
)

/** How long one success is proof enough. */
const keptMs = 5_000
/** Then the last outcome is the answer: somebody else may just be writing for long. */
const patienceMs = 1_000

/**
 * Makes a function that tells whether the database takes changes, by a small one: a standby and a
 * full disk answer everything else.
 */
export function writableCheck(database: Database): () => Promise<boolean> {
  let isWritable = true
  let writtenAt = Number.NEGATIVE_INFINITY
  let running: Promise<void> | undefined
  const write = async () => {
    try {
      await database.alone(noteTime, { at: new Date().toISOString() })
      isWritable = true
      writtenAt = performance.now()
    } catch {
      isWritable = false
    }
    running = undefined
  }
  return async () => {
    if (isWritable && performance.now() - writtenAt < keptMs) return true
    running ??= write()
    await Promise.race([running, delay(patienceMs, undefined, { ref: false })])
    return isWritable
  }
}
