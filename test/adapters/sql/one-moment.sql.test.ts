import { groupUrn, serve, userUrn } from '../../protocol/server.js'
import { sqlStores } from '../../support/sql-stores.js'

type Shown = { id: string; meta: { version: string }; members?: { value: string }[] }

const membersIn = ({ members = [] }: Shown) => members.map(({ value }) => value).sort()

const stores = sqlStores()

async function aTeam() {
  const scim = await serve(stores().adapters)
  const ids: string[] = []
  for (const userName of ['ada', 'bob', 'cyd', 'dan']) {
    ids.push((await scim.post('/Users', { schemas: [userUrn], userName })).body.id)
  }
  const groupOf = (displayName: string, members: readonly string[]) => ({
    schemas: [groupUrn],
    displayName,
    members: members.map((value) => ({ value })),
  })
  return { scim, ids, groupOf }
}

/** Reads by several clients until the work of another one is done. */
async function whileReading(work: Promise<unknown>, read: () => Promise<void>): Promise<void> {
  let isDone = false
  const readers = [0, 1, 2].map(async () => {
    while (!isDone) await read()
  })
  await work.finally(() => {
    isDone = true
  })
  await Promise.all(readers)
}

it('lists a group with the members that its version has', async () => {
  const { scim, ids, groupOf } = await aTeam()
  const { body } = await scim.post('/Groups', groupOf('Team', ids))
  const known = new Map<string, readonly string[]>([[body.meta.version, membersIn(body)]])
  const change = async () => {
    for (let n = 0; n < 120; n++) {
      const members = ids.filter((_, place) => (n >> place) & 1)
      const { body: changed } = await scim.put(`/Groups/${body.id}`, groupOf('Team', members))
      known.set(changed.meta.version, membersIn(changed))
    }
  }
  const seen: Shown[] = []
  await whileReading(change(), async () => {
    seen.push(...((await scim.get('/Groups')).body.Resources as Shown[]))
    seen.push((await scim.get(`/Groups/${body.id}`)).body)
  })
  expect(seen.length).toBeGreaterThan(100)
  expect(seen.filter((each) => `${membersIn(each)}` !== `${known.get(each.meta.version)}`)).toEqual(
    [],
  )
})

it('lists no group that was deleted meanwhile as empty, nor counts it', async () => {
  const { scim, ids, groupOf } = await aTeam()
  const change = async () => {
    for (let n = 0; n < 60; n++) {
      const { body } = await scim.post('/Groups', groupOf(`Team ${n}`, ids))
      await scim.delete(`/Groups/${body.id}`)
    }
  }
  const lists: { totalResults: number; Resources: Shown[] }[] = []
  await whileReading(change(), async () => {
    lists.push((await scim.get('/Groups')).body)
  })
  const off = lists.filter(
    ({ totalResults, Resources }) =>
      totalResults !== Resources.length || Resources.some((each) => membersIn(each).length !== 4),
  )
  expect(lists.length).toBeGreaterThan(50)
  expect(off).toEqual([])
})
