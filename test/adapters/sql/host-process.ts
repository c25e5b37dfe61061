import { sqlAdapters } from '../../../adapters/sql/index.js'
import { aScope, aUser, writeOf } from '../support.js'

/**
 * A host in a process of its own: creates users of the given names in a database and adds each to a
 * group. Tells each one that is stored with a line on standard output, when the store has
 * acknowledged it.
 */
async function main(url: string, tenant: string, prefix: string, count: number): Promise<void> {
  const adapters = await sqlAdapters({ url })
  const scope = aScope(tenant)
  process.stdout.write('ready\n')
  const create = async (index: number) => {
    const user = aUser({ userName: `${prefix}${index}` })
    try {
      await adapters.users.create(scope, user, writeOf(user))
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'UniquenessError') throw error
      return
    }
    const change = { add: [user.id], remove: [] }
    await adapters.groups.changeMembers?.(scope, 'group', change, { now: user.meta.created })
    process.stdout.write(`${user.id}\n`)
  }
  for (let index = 0; index < count; index += 5) {
    await Promise.all([0, 1, 2, 3, 4].map((offset) => create(index + offset)))
  }
  await adapters.close()
}

const [url = '', tenant = '', prefix = '', count = ''] = process.argv.slice(2)
main(url, tenant, prefix, Number(count)).catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
})
