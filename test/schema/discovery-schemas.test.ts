import { discoverySchemas } from '../../lib/schema/discovery-schemas.js'
import type { AttributeDefinition } from '../../lib/schema/types.js'

const types = 'string,complex,boolean,decimal,integer,dateTime,binary,reference'

/**
 * RFC 7643 §8.7.2 with errata 5606, 5607, 7522, 8011, 8435 and 8475, and `pagination` of RFC 9865
 * §4. Each line: path, type, and what is not the default; `!` is required, `*` multi-valued.
 */
const expected: Readonly<Record<string, string>> = {
  ServiceProviderConfig: `
    documentationUri reference external
    patch complex !
    patch.supported boolean !
    bulk complex !
    bulk.supported boolean !
    bulk.maxOperations integer !
    bulk.maxPayloadSize integer !
    filter complex !
    filter.supported boolean !
    filter.maxResults integer !
    changePassword complex !
    changePassword.supported boolean !
    sort complex !
    sort.supported boolean !
    etag complex !
    etag.supported boolean !
    pagination complex
    pagination.cursor boolean !
    pagination.index boolean !
    pagination.defaultPaginationMethod string cursor,index
    pagination.defaultPageSize integer
    pagination.maxPageSize integer
    pagination.cursorTimeout integer
    authenticationSchemes complex ! *
    authenticationSchemes.type string ! oauth,oauth2,oauthbearertoken,httpbasic,httpdigest
    authenticationSchemes.name string !
    authenticationSchemes.description string !
    authenticationSchemes.specUri reference external
    authenticationSchemes.documentationUri reference external
    authenticationSchemes.primary boolean`,
  ResourceType: `
    id string
    name string ! server
    description string
    endpoint reference ! uri server
    schema reference ! uri
    schemaExtensions complex *
    schemaExtensions.schema reference ! uri
    schemaExtensions.required boolean !`,
  Schema: `
    id reference ! uri
    name string
    description string
    attributes complex ! *
    attributes.name string ! caseExact
    attributes.type string ! caseExact ${types}
    attributes.multiValued boolean !
    attributes.description string
    attributes.required boolean
    attributes.canonicalValues string * caseExact
    attributes.caseExact boolean
    attributes.mutability string caseExact readOnly,readWrite,immutable,writeOnly
    attributes.returned string caseExact always,never,default,request
    attributes.uniqueness string caseExact none,server,global
    attributes.referenceTypes string * caseExact`,
}

it.each(Object.entries(expected))('%s is as the RFCs describe it', (name, lines) => {
  const schema = discoverySchemas.find((each) => each.name === name)
  expect(schema?.id).toBe(`urn:ietf:params:scim:schemas:core:2.0:${name}`)
  const found = schema?.attributes.flatMap((each) => linesOf(each, ''))
  expect(found).toEqual(lines.trim().split(/\n\s*/))
})

it('describes each schema and attribute in a sentence', () => {
  const all = discoverySchemas.flatMap(({ description, attributes }) => [
    description,
    ...attributes
      .flatMap((each) => [each, ...(each.subAttributes ?? [])])
      .map((each) => each.description),
  ])
  expect(all.filter((each) => !/^[A-Z].{5,}\.$/.test(each ?? ''))).toEqual([])
})

it('lets nobody write them', () => {
  const all = discoverySchemas.flatMap(({ attributes }) => attributes)
  const mutable = [...all, ...all.flatMap(({ subAttributes = [] }) => subAttributes)].filter(
    ({ mutability }) => mutability !== 'readOnly',
  )
  expect(mutable).toEqual([])
})

function linesOf(attribute: AttributeDefinition, prefix: string): string[] {
  const { name, type, required, multiValued, caseExact, uniqueness, subAttributes } = attribute
  const { referenceTypes = [], canonicalValues = [] } = attribute
  const parts = [
    `${prefix}${name}`,
    type,
    required && '!',
    multiValued && '*',
    type === 'string' && caseExact && 'caseExact',
    referenceTypes.join(),
    canonicalValues.join(),
    uniqueness !== 'none' && uniqueness,
  ]
  const below = (subAttributes ?? []).flatMap((each) => linesOf(each, `${prefix}${name}.`))
  return [parts.filter(Boolean).join(' '), ...below]
}
