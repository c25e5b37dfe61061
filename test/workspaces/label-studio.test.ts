import { scopeOf, startProduct } from '../adapters/label-studio/product.js'
import { startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { describeWorkspaces } from './office.js'

describeWorkspaces('workspaces in front of the fake Community', () =>
  startFakeLabelStudio({ mode: 'oss-new' }),
)

describe('workspaces that are kept in the storage', () => {
  it.each([
    ['oss-new', true],
    ['lse', false],
  ] as const)('are used in %s: %s', async (mode, isUsed) => {
    const labelStudio = await startFakeLabelStudio({ mode })
    const product = await startProduct(labelStudio, { withOwner: false })
    const { workspaceStore, workspaces } = product.adapters
    await workspaceStore!.create(scopeOf(), { id: 'other', title: 'Other' })
    expect(await workspaceStore!.isUsed!(scopeOf())).toBe(isUsed)
    expect((await workspaces(scopeOf())).includes('Other')).toBe(isUsed)
    await product.stop()
    await labelStudio.stop()
  })
})
