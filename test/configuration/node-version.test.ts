import { sqlAdapters } from '../../adapters/sql/index.js'
import { unsupportedNode } from '../../lib/node-version.js'
import manifest from '../../package.json' with { type: 'json' }

const { versions } = process

afterEach(() => {
  Object.defineProperty(process, 'versions', { value: versions })
})

it.each(['16.20.2', '18.20.8', '20.18.3', '21.7.3', '22.11.0'])(
  'Node.js %s gets a sentence that says what is needed',
  (version) => {
    expect(unsupportedNode(version)).toBe(
      `label-studio-scim needs Node.js 20.19, 22.12 or newer. This is ${version}.`,
    )
  },
)

it.each([versions.node, '20.19.0', '20.20.2', '22.12.0', '23.0.0', '24.0.0', '100.0.0'])(
  'Node.js %s is supported',
  (version) => {
    expect(unsupportedNode(version)).toBeUndefined()
  },
)

it('agrees with package.json', () => {
  expect(manifest.engines.node).toBe('^20.19 || >=22.12')
})

it('is what sqlAdapters complains about before anything else', async () => {
  Object.defineProperty(process, 'versions', { value: { ...versions, node: '18.20.8' } })
  await expect(sqlAdapters({ url: '' })).rejects.toMatchObject({
    name: 'ConfigurationError',
    code: 'ERR_SCIM_NODE',
    message: expect.stringContaining('needs Node.js 20.19, 22.12 or newer'),
  })
})
