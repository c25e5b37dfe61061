import { workspacesApi } from '../../../adapters/label-studio/api/workspaces.js'
import { meetingPoint } from '../../../adapters/label-studio/editions/enterprise/meeting.js'
import { membershipsIn } from '../../../adapters/label-studio/editions/enterprise/memberships.js'
import type { Grant } from '../../../lib/mapping/types.js'
import { aScope } from '../support.js'

it('gives nothing to a person whose lease was lost while others were on the way', async () => {
  const sent: string[] = []
  const http = {
    async request({ method }: { method: string }) {
      sent.push(method)
      return method === 'GET' ? [{ id: 1, title: 'Vision' }] : {}
    },
  }
  const api = { workspaces: workspacesApi(http as never), projects: {} }
  const memberships = membershipsIn(api as never, {} as never)
  const meet = meetingPoint(60_000)
  let come = () => {}
  const other = meet(() => new Promise<void>((resolve) => (come = resolve)))
  const lease = new AbortController()
  const noted: (readonly Grant[])[] = []
  let arrived = () => {}
  const isWaiting = new Promise<void>((resolve) => (arrived = resolve))
  const work = meet((arrive) =>
    memberships.carryOut(
      { ...aScope(), signal: lease.signal },
      { id: 5, isNew: true },
      {
        ledger: [],
        planned: {
          grants: [{ kind: 'workspace', title: 'Vision' }],
          revocations: [],
          deferred: [],
        },
        note: async (entries) => void noted.push(entries),
        toRead: async () => {},
        toGive: () => {
          arrived()
          return arrive()
        },
      },
    ),
  )
  await isWaiting
  lease.abort()
  come()
  await other
  await expect(work).rejects.toThrow(/abort/i)
  expect(noted).toHaveLength(1)
  expect(sent).not.toContain('POST')
})
