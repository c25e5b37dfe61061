import { compileResourceTypes } from '../../lib/schema/compile.js'
import type { AttributeDefinition } from '../../lib/schema/types.js'
import { enterpriseUrn, type ServiceProvider, serve, userUrn } from './server.js'

/** Each attribute of a user that is not complex, by its path, as `/Schemas` advertises it. */
const attributes = compileResourceTypes()
  .schemas.filter(({ id }) => id === userUrn || id === enterpriseUrn)
  .flatMap((schema) =>
    schema.attributes.flatMap((attribute) =>
      [attribute, ...(attribute.subAttributes ?? [])]
        .filter(({ type }) => type !== 'complex')
        .map((leaf) => ({
          path: `${schema.id}:${attribute.name}${leaf === attribute ? '' : `.${leaf.name}`}`,
          leaf,
          mutability: attribute.mutability === 'readOnly' ? 'readOnly' : leaf.mutability,
        })),
    ),
  )
const having = (mutability: string) =>
  attributes
    .filter((each) => each.mutability === mutability)
    .map((each) => [each.path, each] as const)

const samples: Partial<Record<AttributeDefinition['type'], unknown>> = {
  boolean: true,
  reference: 'https://pictures.example/1.png',
  binary: 'AAAA',
}
const sampleOf = ({ type, name }: AttributeDefinition) =>
  samples[type] ?? (name === 'country' ? 'FR' : 'sample')

/** What a GET shows at a path: of a multi-valued attribute, that of its only value. */
async function shown(scim: ServiceProvider, id: string, path: string) {
  const { body } = await scim.get(`/Users/${id}`)
  const isExtended = path.startsWith(enterpriseUrn)
  const holder = isExtended ? body[enterpriseUrn] : body
  const [name = '', sub] = path.slice((isExtended ? enterpriseUrn : userUrn).length + 1).split('.')
  const value = [holder?.[name]].flat()[0]
  return sub === undefined ? value : value?.[sub]
}

/** A user who has a value of every multi-valued attribute. */
async function person(scim: ServiceProvider) {
  const labelled = [{ value: 'x', type: 'work' }]
  return scim.user('ines@acme.example', {
    ...{ emails: labelled, phoneNumbers: labelled, ims: labelled },
    ...{ roles: labelled, entitlements: labelled, addresses: [{ locality: 'x' }] },
    photos: [{ value: 'https://x.example/1' }],
    x509Certificates: [{ value: 'AAAB' }],
  })
}

describe('what /Schemas advertises of a user is what is enforced (R-DISC-10, A11)', () => {
  it.each(having('readWrite'))('%s can be written and read', async (path, { leaf }) => {
    const scim = await serve()
    const { id } = await person(scim)
    const value = leaf.name === 'value' && path.includes('emails') ? 'a@b.example' : sampleOf(leaf)
    const { status } = await scim.patch(`/Users/${id}`, [{ op: 'replace', path, value }])
    expect(status).toBe(200)
    expect(await shown(scim, id, path)).toEqual(value)
  })

  it.each(having('readOnly'))('%s cannot be written', async (path, { leaf }) => {
    const scim = await serve()
    const { id, meta } = await person(scim)
    const value = sampleOf(leaf)
    const { status, body } = await scim.patch(`/Users/${id}`, [{ op: 'replace', path, value }])
    expect([status, body.scimType]).toEqual([400, 'mutability'])
    expect((await scim.get(`/Users/${id}`)).body.meta).toEqual(meta)
  })
})
