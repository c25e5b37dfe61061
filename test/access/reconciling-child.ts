import { sqlAdapters } from '../../adapters/sql/index.js'
import { createReconciler } from '../../lib/access/index.js'
import type { AccessTarget, User } from '../../lib/stores/index.js'

/**
 * A host app in a process of its own, whose host is an HTTP server of the test: it lives as long as
 * it is let.
 */
const [, , url = '', hostUrl = ''] = process.argv

const tell = async (body: object) => {
  const response = await fetch(hostUrl, { method: 'POST', body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`The host answered ${response.status}.`)
}
const target: AccessTarget = {
  async deprovision(_scope, user: User) {
    await tell({ kind: 'deprovision', id: user.id })
  },
  async applyAccess(_scope, user, { role }, plan) {
    await tell({ kind: 'apply', id: user.id, plan })
    // All that is in force, also when somebody dies between this and its record, and it is asked
    // again.
    return { applied: role === null ? [] : [{ kind: 'role', role }] }
  },
}

void sqlAdapters({ url, target }).then((adapters) => {
  createReconciler(adapters, { leaseMs: 1_000, pollMs: 50, batch: 5, concurrency: 4 }).start()
})
