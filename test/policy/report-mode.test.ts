import type { WorkspaceStore } from '../../lib/stores/index.js'
import { scope } from '../gate/gated.js'
import { startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { send } from '../support/label-studio-browser.js'
import { openRoom } from './room.js'

describe('a policy that only reports', () => {
  it('puts what a Manager makes into their workspace', async () => {
    const fake = await startFakeLabelStudio({ mode: 'oss-new' })
    const room = await openRoom(fake, { mode: 'report' })
    const store = room.adapters.workspaceStore as WorkspaceStore
    const inVision = async () => (await store.list(scope()))[0]?.projectIds
    await store.create(scope(), { id: 'vision', title: 'Vision' })
    const lea = await room.add('lea@example.com', { role: 'Manager', workspaces: ['Vision'] })
    const made = await send(`${room.url}/api/projects/`, {
      method: 'POST',
      headers: lea.headers,
      body: { title: 'Cats' },
    })
    expect(made.status).toBe(201)
    await settled(async () => (await inVision())?.length === 1)
    expect(await inVision()).toEqual([made.json.id])
    expect(room.refusals).toEqual([])
    await room.close()
    await fake.stop()
  })
})

/** It happens after the answer. */
async function settled(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setImmediate(resolve))
}
