import { enterpriseUserUrn } from '../../../schema/core-schemas.js'

/** The name of an attribute without the URN that everybody else calls "enterprise". */
export function attributeWords(name: string): string {
  if (name === enterpriseUserUrn) return 'enterprise attributes'
  return name.startsWith(`${enterpriseUserUrn}:`) ? name.slice(enterpriseUserUrn.length + 1) : name
}
