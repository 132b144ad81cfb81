/** Keys of the section `encryption`. */
import { Type } from 'typebox';
import { notes } from './key-notes.ts';

export const Encryption = Type.Object(
  {
    require_in_encrypted_rooms: Type.Boolean(
      notes({
        description:
          'In rooms with encrypted messages (m.room.encryption) forward nothing of streams whose publishers do not say that they encrypt them end to end; they are told WEIR_CLEAR_MEDIA. false: all streams are forwarded.',
        default: false,
      }),
    ),
  },
  {
    description: 'Calls that are encrypted end to end. The focus forwards them in any case, and has no keys of them.',
  },
);
