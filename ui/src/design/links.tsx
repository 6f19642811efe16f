// Links of the router in the looks of a button and of a text link.
import { Anchor, type AnchorProps, Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";

type Rest = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof AnchorProps | keyof ButtonProps> & {
  ref?: Ref<HTMLAnchorElement>;
};

export const TextLink = createLink((props: AnchorProps & Rest) => <Anchor {...props} />);

export const ButtonLink = createLink((props: ButtonProps & Rest) => <Button component="a" {...props} />);
