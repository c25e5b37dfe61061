import { sinceFirstRule } from '../../adapters/label-studio/index.js'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { mappingPolicy } from '../../lib/mapping/index.js'
import type { MappingRules } from '../../lib/mapping/types.js'
import { scope } from '../gate/gated.js'

const none: MappingRules = { roles_groups: [], workspaces_groups: [], projects_groups: [] }
const some: MappingRules = { ...none, roles_groups: [['Annotator', 'Crew']] }

describe('a policy that is in force since the first rule', () => {
  it('is never in force again without a word once the last rule is gone', async () => {
    const adapters = memoryAdapters()
    const isInForce = sinceFirstRule(adapters)
    const save = async (rules: MappingRules) => {
      const { version } = await adapters.access.rules(scope())
      await adapters.access.saveRules(scope(), rules, { expectedVersion: version, affects: [] })
    }
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
    expect(await isInForce(scope())).toBe(false)
    await save(some)
    expect(await isInForce(scope())).toBe(true)
    expect(warned).not.toHaveBeenCalled()
    await save(none)
    jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_001)
    expect([await isInForce(scope()), await isInForce(scope())]).toEqual([true, true])
    expect(warned).toHaveBeenCalledTimes(1)
    expect(warned.mock.calls[0]?.[0]).toContain('nobody below Administrator')
    expect(warned.mock.calls[0]?.[1]).toEqual({ code: 'ERR_SCIM_LABEL_STUDIO_NO_RULES' })
    jest.restoreAllMocks()
  })

  it('counts values of users that give roles', async () => {
    const policy = mappingPolicy({ roles_users: [['Reviewer', 'LS.Reviewer']] })
    expect(await sinceFirstRule({ ...memoryAdapters(), policy })(scope())).toBe(true)
  })
})
