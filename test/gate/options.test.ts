import { memoryAdapters } from '../../adapters/memory/index.js'
import { accessGate, labelStudioForms } from '../../lib/gate/index.js'
import { gateOptions } from '../../lib/gate/options.js'

const identify = () => Promise.resolve({ identities: [], isComplete: true })
const policy = { mode: 'enforce', isOpen: () => true, decide: async () => ({ kind: 'allow' }) }
const form = { purpose: 'signIn', path: '/user/login', field: 'email' }

it.each<[string, unknown]>([
  ['identify', undefined],
  ['identify', 'x'],
  ['tenant', ''],
  ['tenant', 7],
  ['enforce', true],
  ['enforce', null],
  ['enforce', {}],
  ['unknownPeople', 'ignore'],
  ['unknownPeople', ''],
  ['whenUnavailable', 'ignore'],
  ['whenUnavailable', ''],
  ['forms', form],
  ['forms', [{ ...form, purpose: 'other' }]],
  ['forms', [{ ...form, purpose: '' }]],
  ['forms', [{ path: form.path, field: form.field }]],
  ['forms', [{ ...form, path: undefined }]],
  ['forms', [{ ...form, path: 'user/login' }]],
  ['forms', [{ ...form, path: '/user/login/' }]],
  ['forms', [{ ...form, path: '/User/login' }]],
  ['forms', [{ ...form, path: '/user/logiN' }]],
  ['forms', [{ ...form, path: '/' }]],
  ['forms', [{ ...form, field: undefined }]],
  ['forms', [{ ...form, field: '' }]],
  ['forms', [{ ...form, fields: 'email' }]],
  ['recheckMs', 99],
  ['recheckMs', 60_001],
  ['timeoutMs', 0],
  ['timeoutMs', 600_001],
  ['clock', new Date()],
  ['other', 1],
])('accessGate refuses a wrong option: %s %j', (name, value) => {
  const options = { identify, [name]: value } as never
  const refused = expect(() => accessGate(memoryAdapters(), options))
  refused.toThrow(new RegExp(`accessGate: .*"?${name}`))
  expect(() => accessGate(memoryAdapters(), options)).toThrow(
    expect.objectContaining({ code: 'ERR_SCIM_GATE' }),
  )
})

it.each<[string, unknown]>([
  ['tenant', 'acme'],
  ['enforce', false],
  ['enforce', policy],
  ['unknownPeople', 'allow'],
  ['unknownPeople', 'refuse'],
  ['whenUnavailable', 'allow'],
  ['whenUnavailable', 'refuse'],
  ['forms', []],
  ['forms', [form, { ...form, purpose: 'signUp', path: '/a/b-c_d' }]],
  ['forms', [...labelStudioForms, form]],
  ['recheckMs', 100],
  ['recheckMs', 60_000],
  ['timeoutMs', 1],
  ['timeoutMs', 600_000],
  ['clock', () => new Date()],
])('accessGate takes %s %j', (name, value) => {
  expect(gateOptions({ identify, [name]: value })).toMatchObject({ [name]: value })
})

it('has a default for every option but identify', () => {
  const { clock, forms, newId, ...rest } = gateOptions({ identify })
  expect(rest).toEqual({
    identify,
    tenant: 'default',
    enforce: false,
    unknownPeople: 'allow',
    whenUnavailable: 'refuse',
    recheckMs: 1_000,
    timeoutMs: 10_000,
  })
  expect(Math.abs(clock().getTime() - Date.now())).toBeLessThan(1_000)
  expect(forms.map(({ purpose, path }) => `${purpose} ${path}`)).toEqual([
    'signIn /user/login',
    'signIn /admin/login',
    'signIn /api-auth/login',
    'signUp /user/signup',
    'token /api/token/refresh',
    'token /api/token/rotate',
  ])
  expect(newId()).not.toBe(newId())
})
