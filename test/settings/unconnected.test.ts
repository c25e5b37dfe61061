import { memoryAdapters } from '../../adapters/memory/index.js'
import { noteEnforcement } from '../../lib/access/enforcement.js'
import type { SettingsOptions } from '../../lib/settings/index.js'
import { path, signedInPage } from './visitor.js'

const banner = 'No Label Studio is connected.'
const tabs = ['', '/people', '/groups', '/log', '/status', '/connect']

/** The page over adapters that only record. */
const alone = (options: Partial<SettingsOptions> = {}) =>
  signedInPage({ change: () => memoryAdapters(), options })

describe('without a Label Studio', () => {
  it.each(tabs)('every page says so, once: %p', async (tab) => {
    const { visit } = await alone()
    const { text } = await visit(`${path}${tab}`)
    expect(text.split(banner)).toHaveLength(2)
  })

  it('nobody learns that before the sign-in', async () => {
    const stranger = await signedInPage({ change: () => memoryAdapters() }, 'wrong-token')
    expect(stranger.signedIn.text).not.toContain(banner)
  })
})

describe('a Label Studio', () => {
  const isSaid = async ({ visit }: Awaited<ReturnType<typeof alone>>) =>
    (await visit(path)).text.includes(banner)

  it('is connected where the adapters reach it', async () => {
    expect(await isSaid(await signedInPage())).toBe(false)
  })

  it.each<Partial<SettingsOptions>>([
    { projects: async () => [] },
    { workspaces: async () => [] },
    { accounts: async () => [] },
    { labelStudioUrl: '/' },
  ])('is connected where the host names what it has: %p', async (options) => {
    expect(await isSaid(await alone(options))).toBe(false)
  })

  it('is connected where a gate is in front of it', async () => {
    const adapters = memoryAdapters()
    const visitor = await signedInPage({ change: () => adapters })
    expect(await isSaid(visitor)).toBe(true)
    await noteEnforcement(adapters.access!, visitor.scope, 'report')
    expect(await isSaid(visitor)).toBe(false)
  })
})
