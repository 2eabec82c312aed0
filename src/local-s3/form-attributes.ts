// Attributes of an object in a form, where some have names and a shape of their own.
import { attributesFromRequest } from './object-attributes.ts';
import { S3Error } from './s3-error.ts';
import { childrenByName, parseXml, type XmlNode } from './xml-parser.ts';

/**
 * The attributes to keep with the object, as headers.
 * @throws S3Error MalformedXML, InvalidTag, InvalidStorageClass, AccessControlListNotSupported
 */
export function attributesFromForm(fields: ReadonlyMap<string, string>): Record<string, string> {
  const tagging = fields.get('tagging');
  const acl = fields.get('acl');
  const storageClass = fields.get('x-amz-storage-class');
  return attributesFromRequest({
    ...(acl !== undefined && { 'x-amz-acl': acl }),
    ...(storageClass !== undefined && { 'x-amz-storage-class': storageClass }),
    ...(tagging !== undefined && { 'x-amz-tagging': taggingHeader(tagging) }),
  });
}

/** The document of PutObjectTagging, as the header of a PUT has the tags. */
function taggingHeader(document: string): string {
  const root = parseXml(document);
  const set = childrenByName(root, ['TagSet']).get('TagSet');
  if (root.name !== 'Tagging' || set === undefined) throw new S3Error('MalformedXML');
  return new URLSearchParams(set.children.map(tagFrom)).toString();
}

function tagFrom(node: XmlNode): [key: string, value: string] {
  const fields = childrenByName(node, ['Key', 'Value']);
  const key = fields.get('Key')?.text;
  const value = fields.get('Value')?.text;
  if (node.name !== 'Tag' || key === undefined || value === undefined) throw new S3Error('MalformedXML');
  return [key, value];
}
