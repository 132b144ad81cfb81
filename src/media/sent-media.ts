/** All that is sent over one link, as far as the link has to do with it. */
export interface SentMedia {
  /** Whether video is to flow now. */
  readonly wantVideo: boolean;
  /** Whether the receiver's own estimate (REMB) decides how much is sent. */
  readonly followRemb: boolean;
  /** Nothing is sent of pictures, and nothing of them again, until they are released: they go on with a keyframe then. */
  holdPictures(): void;
  releasePictures(): void;
  /** No lost packet of a voice is sent again. Voices do not shrink, and their repairs must not keep a queue from draining. */
  forgetVoices(): void;
}
