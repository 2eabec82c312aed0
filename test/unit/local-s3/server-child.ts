// A development endpoint in a process of its own, for tests that end it without warning.
import { openLocalS3 } from '../../../src/local-s3/server.ts';
import { localS3Options } from './local-s3-options.ts';

const [root = ''] = process.argv.slice(2);
const { url } = await openLocalS3(localS3Options(root));
process.send?.(url);
