import type { LabelStudioApi } from '../../../adapters/label-studio/api/index.js'
import { installationSource } from '../../../adapters/label-studio/installation.js'
import { memoryAdapters } from '../../../adapters/memory/index.js'

/** The facts about an Enterprise whose owner is active in `world.organization`. */
function source() {
  const world = {
    now: 0,
    organization: 1,
    asked: 0,
    trouble: undefined as Promise<void> | undefined,
  }
  const api = {
    version: async () => ({ edition: 'enterprise', release: '2.37' }),
    async whoami() {
      world.asked += 1
      await world.trouble
      const email = 'owner@example.com'
      const activeOrganization = world.organization
      return { id: 1, email, activeOrganization, organizationOwnerEmail: email }
    },
  } as unknown as LabelStudioApi
  const { access } = memoryAdapters()
  const installation = installationSource({ api, access, tenant: 't', clock: () => world.now })
  return { world, installation }
}

describe('recent facts about Label Studio', () => {
  it('are those of the last five seconds', async () => {
    const { world, installation } = source()
    const first = await installation.get()
    world.now = 4_000
    expect(await installation.recent()).toBe(first)
    expect(world.asked).toBe(1)
    world.now = 5_000
    expect(await installation.recent()).toBe(first)
    expect(world.asked).toBe(2)
  })

  it('are waited for while they are asked about in the background', async () => {
    const { world, installation } = source()
    await installation.get()
    world.now = 61_000
    world.organization = 2
    await installation.get()
    await expect(installation.recent()).rejects.toThrow(/changed to organization 2/)
  })

  it('are asked for again after a failure', async () => {
    const { world, installation } = source()
    await installation.get()
    world.now = 61_000
    world.trouble = Promise.reject(new Error('no answer'))
    await installation.get()
    await expect(installation.recent()).rejects.toThrow('no answer')
    world.now = 62_000
    world.trouble = undefined
    world.organization = 2
    await expect(installation.recent()).rejects.toThrow(/changed to organization 2/)
  })
})
