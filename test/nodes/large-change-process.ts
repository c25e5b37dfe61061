import { sqlAdapters } from '../../adapters/sql/index.js'
import type { User } from '../../lib/stores/index.js'
import { aGroup, aScope, aUser, writeOf } from '../adapters/support.js'

/** Stores people in a database and a group of all of them, in a process of its own. */
async function main(url: string, count: number): Promise<void> {
  const adapters = await sqlAdapters({ url })
  const scope = aScope('acme')
  const users = Array.from({ length: count }, (_, index) => person(`user${index}`))
  const create = (user: User) => {
    const outbox = { pending: [user.id] }
    return adapters.users.create(scope, user, { ...writeOf(user), outbox })
  }
  await Promise.all(users.map(create))
  const group = aGroup({ members: users.map(({ id }) => ({ value: id })) })
  const outbox = { pending: [group.id] }
  await adapters.groups.create(scope, group, { ...writeOf(group), outbox })
  await adapters.close()
}

function person(name: string): User {
  const emails = [{ value: `${name}@acme.example` }]
  return aUser({ userName: name, displayName: `The ${name}`, externalId: `00u${name}`, emails })
}

const [url = '', count = ''] = process.argv.slice(2)
main(url, Number(count)).catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
})
