import { memoryAdapters } from '../../adapters/memory/index.js'
import { minimalAdapters } from '../../examples/own-adapter/adapter.js'
import { checkAdapters } from '../../lib/stores/check-adapters.js'
import type { Adapters } from '../../lib/stores/index.js'

const full = memoryAdapters()
const optional = ['access', 'audit', 'tokens', 'refusals', 'workspaceStore'] as const
const check = (adapters: unknown) => () => checkAdapters('scimRouter', adapters as Adapters)

describe('adapters', () => {
  it('are complete with users and groups alone, and with every optional store', () => {
    expect(check(minimalAdapters())).not.toThrow()
    expect(check(full)).not.toThrow()
  })

  it.each(optional)('are refused with an empty store "%s"', (name) => {
    const attempt = check({ ...full, [name]: {} })
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_SCIM_ADAPTERS' }))
    expect(attempt).toThrow(`scimRouter: adapters.${name} has no `)
    expect(attempt).toThrow(`or leave ${name} out.`)
  })

  it.each<[store: (typeof optional)[number], method: string]>([
    ['access', 'claim'],
    ['access', 'saveRules'],
    ['audit', 'query'],
    ['tokens', 'noteUse'],
  ])('are refused if %s has no %s, and told what is missing', (name, method) => {
    const store = { ...(full[name] as object), [method]: undefined }
    expect(check({ ...full, [name]: store })).toThrow(`adapters.${name} has no ${method}. `)
  })

  it.each<[supports: unknown, message: string]>([
    [{ filters: true }, 'has "filters", which does not exist. Did you mean "filter"?'],
    [{ wings: true }, 'has "wings", which does not exist. Known are: filter, sort, cursor'],
    [{ filter: 'yes' }, '.filter is neither true nor false.'],
    [true, 'is not an object.'],
  ])('are refused with supports %j', (supports, message) => {
    const users = { ...full.users, supports }
    expect(check({ ...full, users })).toThrow(`scimRouter: adapters.users.supports`)
    expect(check({ ...full, users })).toThrow(message)
  })

  it('are refused if they promise what another member is needed for', () => {
    const groups = { ...full.groups, changeMembers: undefined }
    expect(check({ ...full, groups })).toThrow('adapters.groups has no changeMembers')
    const access = { ...full.access, listPassedOver: undefined }
    expect(check({ ...full, access })).toThrow('but no listPassedOver')
  })
})
